"""Faults in running nets, sending arrays and proving a rename."""

from __future__ import annotations

from tests.mutants.mutation import Faults

_VERIFY = "tests/engines/test_verification.py::test_"
_REPORT = "tests/engines/test_verification_report.py::test_"
VERIFICATION = (  # the others take a minute: every engine, real nets
    f"{_VERIFY}0_and_minus_0_are_different_bits",
    f"{_VERIFY}nan_equals_itself",
    f"{_VERIFY}a_proof_names_texts_and_inputs_that_differ",
    f"{_VERIFY}it_says_when_no_trained_weights_were_used",
    f"{_REPORT}other_shapes_are_an_infinite_difference",
    f"{_VERIFY}the_wrong_rewiring_of_the_tutorials_is_located",
)
MEASUREMENT = ("tests/engines/test_measurement.py",)
REPORT = (
    f"{_REPORT}a_report_of_a_newer_blobscope_is_not_guessed_at",
    f"{_REPORT}a_damaged_report_is_said",
    f"{_REPORT}it_stands_for_its_text_only",
    f"{_REPORT}other_shapes_are_an_infinite_difference",
)
FAST = ("tests/engines/test_torch_fast_paths.py", "tests/engines/test_torch_fusion.py")
AT_ONCE = "tests/engines/test_passes_at_once.py"

FAULTS = [
    Faults("core/engines/verification.py", *VERIFICATION).plant(
        "every verification succeeds", "is_identical=n_different == 0,", "is_identical=True,"
    ),
    Faults("core/engines/measurement.py", *MEASUREMENT)
    .plant("every measurement is of nothing", "length / whole", "0.0 / whole")
    .plant("the mean is the largest", "float(numbers.mean())", "float(numbers.max())"),
    Faults("core/engines/paired_runs.py", *VERIFICATION)
    .plant(
        "equal values are enough, bits may differ",
        "int(np.count_nonzero(a.view(np.uint32) != b.view(np.uint32)))",
        "int(np.count_nonzero(a != b))",
    )
    .plant(
        "nothing ever differs",
        "if a.shape != b.shape:\n        return max(",
        "if True:\n        return 0 * max(",
    )
    .plant("other shapes differ by 0", "return math.inf", "return 0.0")
    .plant(
        "the net before runs twice",
        "with setting.open(after, inputs) as engine:",
        "with setting.open(before, inputs) as engine:",
    )
    .plant(
        "the last layer that differs is named",
        "for done, key in enumerate(keys):",
        "for done, key in enumerate(reversed(keys)):",
    )
    .plant("filler weights go untold", "filler = bool(engine.filler_layers)", "filler = False")
    .plant(
        "the proof names the text before twice",
        "after_sha256=sha256_of_text(after.text),",
        "after_sha256=sha256_of_text(before.text),",
    )
    .plant(
        "the proof does not depend on the input",
        "        digest.update(array.data)\n",
        "",
    ),
    Faults("core/engines/verification_report.py", *REPORT)
    .plant(
        "a proof of another text passes",
        "if report.renamed_sha256 != sha256_of_text(text):",
        "if report.renamed_sha256 == 'never':",
    )
    .plant(
        "a failed proof reads as passed",
        "is_identical=record.identical,",
        "is_identical=True,",
    )
    .plant(
        "a newer schema is read all the same",
        "if as_type(document, _Schema, path.name).schema > SCHEMA:",
        "if as_type(document, _Schema, path.name).schema < 0:",
    ),
    Faults("core/frames.py", "tests/core/test_frames.py")
    .plant("any beginning is a frame", "if magic != MAGIC:", "if magic == b'XXXX':")
    .plant(
        "a frame may be of any size",
        "if header_bytes > MAX_HEADER_BYTES or body_bytes > max_body_bytes:",
        "if header_bytes > 2 * MAX_HEADER_BYTES:",
    )
    .plant(
        "arrays need not add up",
        "if sum(bytes_of_array(dtype, shape) for dtype, shape in kinds) != body_bytes:",
        "if body_bytes < 0:",
    )
    .plant("other types are sent as they are", "if name not in DTYPES:", "if not name:")
    .plant("a shape may have any number of axes", "len(shape) > MAX_AXES", "len(shape) > 10**6")
    .plant("true is a size", "and not isinstance(size, bool)", "")
    .plant(
        "a stream that ends gives what there was",
        '        if not part:\n            raise StreamEnded("the stream ended")\n',
        "        if not part:\n            break\n",
    )
    .plant(
        "big-endian bytes go as they lie",
        'if contiguous.dtype.byteorder == ">":',
        'if contiguous.dtype.byteorder == "?":',
    ),
    Faults("core/engines/torch/packing.py", *FAST)
    .plant("packing off", 'return "" if is_right else', 'return "off" if is_right else')
    .plant(
        "a ReLU within is left out", 'relu = "relu" if tail.with_relu else "none"', 'relu = "none"'
    )
    .plant(
        "a ReLU after a sum is left out",
        '("add", None, "relu" if tail.with_relu else None, [], "")',
        '("add", None, None, [], "")',
    )
    .plant(
        "the bits of fused sums are not tried",
        "return torch.equal(beside, wanted) and torch.equal(within, wanted)",
        "return False",
    ),
    Faults("core/engines/torch/compiling.py", *FAST)
    .plant("compiling off", 'return "" if is_right else', 'return "off" if is_right else')
    .plant(
        "a compiled formula with other bits is used",
        "self._calls[key] = compiled if is_same else plain",
        "self._calls[key] = compiled",
    )
    .plant(
        "nothing is compiled twice, nothing at all",
        "        if call is not None:\n            return call(*tensors)\n",
        "        if call is not None:\n            return plain(*tensors)\n",
    )
    .plant(
        "tensors of other strides share a kernel",
        "key = (kind, *((tensor.shape, tensor.stride()) for tensor in tensors))",
        "key = kind",
    ),
    Faults("core/engines/torch/convolution.py", *FAST)
    .plant(
        "convolutions are not packed",
        "if is_native and self.place.packs_weights and",
        "if False and self.place.packs_weights and",
    )
    .plant(
        "convolutions are not compiled",
        "if is_alone or not self.place.compiles or",
        "if True or not self.place.compiles or",
    ),
    Faults("core/engines/torch/plan.py", *FAST)
    .plant("nothing is fused", "if may_fuse else {}", "if False else {}")
    .plant(
        "a wanted value may be fused away",
        "return readers[0] if len(readers) == 1 and slot not in self._wanted else None",
        "return readers[0] if len(readers) == 1 else None",
    )
    .plant(
        "a value that two read may be fused away",
        "return readers[0] if len(readers) == 1 and",
        "return readers[0] if len(readers) >= 1 and",
    )
    .plant(
        "a ReLU with a slope is a plain one",
        'return None if step.layer.param("relu_param").number("negative_slope") else step',
        "return step",
    )
    .plant(
        "a weighted sum is a plain one",
        'and all(factor == 1.0 for factor in param.numbers("coeff"))',
        "and True",
    )
    .plant(
        "a product is a sum",
        'and param.word("operation", "SUM") in ("SUM", "1")',
        "and True",
    )
    .plant(
        "values are freed before their last reader",
        "freed = tuple(s for s in touched if last_use[s] == i and",
        "freed = tuple(s for s in touched if",
    ),
    Faults("core/engines/torch/folding.py", *FAST)
    .plant(
        "a fold forgets the shift",
        "value = value + affine.shift if index else value",
        "value = value",
    )
    .plant(
        "a fold forgets the factor of the bias",
        "value = value * affine.factor.reshape(-1, *[1] * (value.dim() - 1))",
        "value = value if index else value * affine.factor.reshape(-1, *[1] * (value.dim() - 1))",
    )
    .plant(
        "folding rounds to float32 in between",
        "value = self._bias(weight) if index else weight.double()",
        "value = self._bias(weight).half().double() if index else weight.double()",
    ),
    Faults("core/engines/torch/backend.py", *FAST)
    .plant(
        "fast paths are claimed on any device",
        'device.type == "cpu" and not self._fast_paths[name].why_not',
        "not self._fast_paths[name].why_not and False",
    )
    .plant(
        "bfloat16 is compiled too",
        'compiling.why_unavailable() if is_exact else "only float32 is compiled"',
        "compiling.why_unavailable()",
    ),
    Faults("core/engines/torch/session.py", AT_ONCE)
    .plant(
        "a pass that waits reads the inputs of the next one",
        "own = {slot: tensor.clone() for",
        "own = {slot: tensor for",
    )
    .plant("a pass that makes way loses its input", "keeps_inputs=True", "keeps_inputs=False"),
    Faults("core/engines/torch/passes_at_once.py", AT_ONCE)
    .plant(
        "passes of other sizes run beside one another",
        "            self.rest()\n            self._kind",
        "            self._kind",
    )
    .plant(
        "a pass that is given up runs to its end",
        "                raise _Stopped\n",
        "                pass\n",
    )
    .plant(
        "each pass has all threads", "if is_last else math.ceil(self._n_threads / _N_AT_ONCE)", ""
    ),
    Faults("core/engines/torch/inner_product.py", AT_ONCE).plant(
        "few outputs are summed by any number of threads", "torch.set_num_threads(n_blocks)", "pass"
    ),
    Faults("core/engines/process.py", AT_ONCE).plant(
        "a crash in a folder's pass names no layer", " or self._talk.noted()", ""
    ),
    Faults("core/engines/openvino/running.py", "tests/engines/test_openvino.py")
    .plant(
        "OpenVINO takes bfloat16",
        '"INFERENCE_PRECISION_HINT": "f32"',
        '"INFERENCE_PRECISION_HINT": "bf16"',
    )
    .plant("OpenVINO takes NaN", 'check_finite(feeds.values(), "OpenVINO")', "pass"),
    Faults("core/engines/onnx_graph/finite.py", "tests/engines/test_openvino.py").plant(
        "OpenVINO takes weights with NaN", "at.need(when=is_plain", "at.need(when=True"
    ),
    Faults("core/engines/opencv/running.py", "tests/engines/test_opencv.py")
    .plant("OpenCV takes NaN", 'check_finite(feeds.values(), "OpenCV")', "pass")
    .plant("OpenCV's zeros have a sign", " + np.float32(0)", "")
    .plant("OpenCV is given more than it reads", "> _MOST_MODEL_BYTES", "> 1 << 40"),
    Faults("core/engines/opencv/writing.py", "tests/engines/test_graph_engines_micro.py")
    .plant("OpenCV is given values of one axis", "when=has_axes", "when=True")
    .plant("OpenCV sums within channels", "when=not sums_within_channels(at.layer)", "when=True")
    .plant("OpenCV is given softplus", '_WRONG = ("BNLL", ', "_WRONG = ("),
    Faults("core/engines/trial.py", "tests/engines/test_trial.py")
    .plant("after a pause the least counts", "if is_after_pause else", "if False else")
    .plant("an engine that fails ends the trial", 'if name == "torch":', "if True:"),
    Faults("core/engines/openvino/__init__.py", "tests/engines/test_openvino.py").plant(
        "OpenVINO reports its import", '_modules["openvino_telemetry"] = None', "pass"
    ),
]
