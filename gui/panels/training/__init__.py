"""The steps of the Training page: data, net, run, proof."""
