"""Feed-forward nets of plain layers, rebuilt for other libraries from our reading of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Layer, Net
from core.net.message import Message
from core.net.reader import load_net
from core.weights.contents import Weights
from core.weights.reader import open_weights

Arrays = dict[str, list[np.ndarray]]


def read_net_and_weights(net_path: Path, weights_path: Path) -> tuple[Net, NetShapes, Arrays]:
    """The net, its shapes, and the values of each layer in the shapes the net asks for."""
    net = load_net(net_path)
    shapes = infer_shapes(net)
    weights: Weights = open_weights(weights_path)
    arrays: Arrays = {}
    for layer in net.layers:
        stored = weights.get(layer.written_name)
        if stored is not None:
            arrays[layer.name] = [
                np.array(blob.array(), np.float32).reshape(shape)
                for blob, shape in zip(stored.blobs, shapes.parameters(layer.name), strict=True)
            ]
    return net, shapes, arrays


def spatial(param: Message, name: str, default: int) -> tuple[int, int]:
    """(height, width) of kernel, stride or pad, in either of Caffe's spellings."""
    short = {"kernel_size": "kernel"}.get(name, name)
    both = param.integers(name)
    if both:
        return both[0], both[-1]
    return param.integer(f"{short}_h", default), param.integer(f"{short}_w", default)


def read_lrn(layer: Layer) -> tuple[int, float, float, float]:
    """Size, alpha, beta and k of an LRN across channels."""
    param = layer.param("lrn_param")
    size, alpha = param.integer("local_size", 5), param.number("alpha", 1.0)
    return size, alpha, param.number("beta", 0.75), param.number("k", 1.0)


def trained_moments(arrays: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of a BatchNorm, which stores them times a factor."""
    mean, variance, factor = arrays
    return mean / factor[0], variance / factor[0]


def read_eps(layer: Layer) -> float:
    """What a BatchNorm adds to the variance."""
    return layer.param("batch_norm_param").number("eps", 1e-5)


def build_torch(net_path: Path, weights_path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """The net as plain eager PyTorch, layer by layer, NCHW float32."""
    import torch
    from torch.nn import functional

    net, _, arrays = read_net_and_weights(net_path, weights_path)
    tensors = {name: [torch.from_numpy(a) for a in kept] for name, kept in arrays.items()}
    moments = {
        layer.name: [torch.from_numpy(a) for a in trained_moments(arrays[layer.name])]
        for layer in net.layers
        if layer.type == "BatchNorm"
    }

    def step(layer: Layer, values: list[Any]) -> Any:
        x, kept = values[0], tensors.get(layer.name, [])
        if layer.type == "Convolution":
            param = layer.param("convolution_param")
            return functional.conv2d(
                x,
                kept[0],
                kept[1] if len(kept) > 1 else None,
                stride=spatial(param, "stride", 1),
                padding=spatial(param, "pad", 0),
                groups=param.integer("group", 1),
            )
        if layer.type == "Pooling":
            return _torch_pool(functional, layer.param("pooling_param"), x)
        if layer.type == "InnerProduct":
            return functional.linear(x.flatten(1), kept[0], kept[1] if len(kept) > 1 else None)
        if layer.type == "ReLU":
            return functional.relu(x)
        if layer.type == "Softmax":
            return functional.softmax(x, 1)
        if layer.type == "Concat":
            return torch.cat(values, 1)
        if layer.type == "Dropout":
            return x
        if layer.type == "LRN":
            return functional.local_response_norm(x, *read_lrn(layer))
        if layer.type == "BatchNorm":
            mean, var = moments[layer.name]
            return functional.batch_norm(x, mean, var, eps=read_eps(layer))
        if layer.type == "Scale":
            factor, *bias = (array.reshape(1, -1, 1, 1) for array in kept)
            return x * factor + bias[0] if bias else x * factor
        if layer.type == "Eltwise":
            return values[0] + values[1]
        raise ValueError(f"no plain PyTorch for layer type {layer.type}")

    def forward(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            blobs = {net.inputs[0]: torch.from_numpy(batch)}
            for layer in net.layers:
                if layer.type != "Input":
                    blobs[layer.tops[0]] = step(layer, [blobs[b] for b in layer.bottoms])
            result: np.ndarray = blobs[net.outputs[-1].blob].numpy()
            return result

    return forward


def _torch_pool(functional: Any, param: Message, x: Any) -> Any:
    is_max = param.word("pool", "MAX") == "MAX"
    if param.boolean("global_pooling"):
        kernel, stride, pad = tuple(x.shape[2:]), (1, 1), (0, 0)
    else:
        kernel = spatial(param, "kernel_size", 1)
        stride, pad = spatial(param, "stride", 1), spatial(param, "pad", 0)
    if is_max:
        return functional.max_pool2d(x, kernel, stride, pad, ceil_mode=True)
    return functional.avg_pool2d(x, kernel, stride, pad, ceil_mode=True)


def write_onnx(net_path: Path, weights_path: Path, out: Path) -> None:
    """The net as an ONNX model with a free batch axis."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    net, shapes, arrays = read_net_and_weights(net_path, weights_path)
    nodes: list[Any] = []
    kept: list[Any] = []
    names = {net.inputs[0]: net.inputs[0]}
    for layer in net.layers:
        if layer.type == "Input":
            continue
        inputs = [names[bottom] for bottom in layer.bottoms]
        stored = _onnx_arrays(layer, arrays.get(layer.name, []))
        params = [f"{layer.name}.{i}" for i in range(len(stored))]
        kept += [
            numpy_helper.from_array(array, name) for array, name in zip(stored, params, strict=True)
        ]
        result = f"{layer.name}:{layer.tops[0]}"
        nodes += _onnx_nodes(helper, layer, inputs, params, result)
        names[layer.tops[0]] = result
    last = net.outputs[-1]
    shape = shapes.top(last.layer, last.top_index) or ()
    first = shapes.top(net.layers[0].name) or ()
    graph = helper.make_graph(
        nodes,
        net.name or "net",
        [helper.make_tensor_value_info(net.inputs[0], TensorProto.FLOAT, ["n", *first[1:]])],
        [helper.make_tensor_value_info(names[last.blob], TensorProto.FLOAT, ["n", *shape[1:]])],
        kept,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(out))


def _onnx_arrays(layer: Layer, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The layer's arrays as ONNX wants them."""
    if layer.type == "BatchNorm":
        mean, variance = trained_moments(arrays)
        return [np.ones_like(mean), np.zeros_like(mean), mean, variance]
    if layer.type == "Scale":
        return [array.reshape(-1, 1, 1) for array in arrays]
    return arrays


def _onnx_nodes(
    helper: Any, layer: Layer, inputs: list[str], params: list[str], result: str
) -> list[Any]:
    if layer.type == "Convolution":
        param = layer.param("convolution_param")
        node = helper.make_node(
            "Conv",
            inputs + params,
            [result],
            strides=spatial(param, "stride", 1),
            pads=spatial(param, "pad", 0) * 2,
            group=param.integer("group", 1),
        )
        return [node]
    if layer.type == "Pooling":
        return [_onnx_pool(helper, layer.param("pooling_param"), inputs, result)]
    if layer.type == "InnerProduct":
        flat = f"{result}.flat"
        return [
            helper.make_node("Flatten", inputs, [flat], axis=1),
            helper.make_node("Gemm", [flat, *params], [result], transB=1),
        ]
    if layer.type == "BatchNorm":
        words = [*inputs, *params]
        return [helper.make_node("BatchNormalization", words, [result], epsilon=read_eps(layer))]
    if layer.type == "Scale":
        product = f"{result}.product"
        return [
            helper.make_node("Mul", [*inputs, params[0]], [product]),
            helper.make_node("Add", [product, params[1]], [result]),
        ]
    if layer.type == "LRN":
        size, alpha, beta, k = read_lrn(layer)
        settings = {"size": size, "alpha": alpha, "beta": beta, "bias": k}
        return [helper.make_node("LRN", inputs, [result], **settings)]
    if layer.type == "Eltwise":
        return [helper.make_node("Add", inputs, [result])]
    plain = {"ReLU": "Relu", "Dropout": "Identity"}
    if layer.type in plain:
        return [helper.make_node(plain[layer.type], inputs, [result])]
    if layer.type in ("Softmax", "Concat"):
        return [helper.make_node(layer.type, inputs, [result], axis=1)]
    raise ValueError(f"no ONNX for layer type {layer.type}")


def _onnx_pool(helper: Any, param: Message, inputs: list[str], result: str) -> Any:
    is_max = param.word("pool", "MAX") == "MAX"
    if param.boolean("global_pooling"):
        return helper.make_node(
            "GlobalMaxPool" if is_max else "GlobalAveragePool", inputs, [result]
        )
    counted = {} if is_max else {"count_include_pad": 1}
    return helper.make_node(
        "MaxPool" if is_max else "AveragePool",
        inputs,
        [result],
        kernel_shape=spatial(param, "kernel_size", 1),
        strides=spatial(param, "stride", 1),
        pads=spatial(param, "pad", 0) * 2,
        ceil_mode=1,
        **counted,
    )
