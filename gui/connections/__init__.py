"""Which signal leads where: a file a topic, each function given just what it joins."""
