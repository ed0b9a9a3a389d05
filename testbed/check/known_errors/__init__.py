"""Known errors of tf.distribute: how to recognise each one, its cause and its cure."""
