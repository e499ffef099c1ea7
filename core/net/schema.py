"""Names of well-known prototxt fields by kind, so that a slip is found when a file is opened."""

from __future__ import annotations

NUMBER_FIELDS = frozenset(
    """
    num_output kernel_size kernel_h kernel_w pad pad_h pad_w stride stride_h stride_w dilation
    group axis num_axes local_size alpha beta k dropout_ratio negative_slope input_dim
    batch_size crop_size concat_dim slice_dim slice_point coeff lr_mult decay_mult blobs_lr
    weight_decay moving_average_fraction eps top_k ignore_label mean_value std margin
    min_level max_level end_axis power shift
    """.split()
)

BOOLEAN_FIELDS = frozenset(
    """
    bias_term global_pooling mirror use_global_stats across_channels normalize_variance
    force_nd_im2col channel_shared stable_prod_grad transpose force_backward
    """.split()
)

MESSAGE_FIELDS = frozenset(
    """
    convolution_param pooling_param inner_product_param relu_param lrn_param
    dropout_param batch_norm_param scale_param concat_param eltwise_param softmax_param
    weight_filler bias_filler transform_param data_param image_data_param input_param
    input_shape include exclude
    """.split()
)
"""`param` and `layer` are missing on purpose: V1 files and python_param give them strings."""
