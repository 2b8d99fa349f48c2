"""What is tied together in a network, found by tracing and proved by running it: channels, heads, whole blocks.

Everything here looks at a copy with random weights of its own, so that what is found depends on the architecture alone
(a network that is half masked already has the same groups), and nothing is left on the network itself.
"""
