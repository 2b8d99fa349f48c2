"""What is tied together in a network, found by tracing and proved by running it: channels, heads, whole blocks.

Everything here looks at a copy with random weights of its own, so that what is found depends on the architecture alone
(a network that is half masked already has the same groups), and nothing is left on the network itself.
"""

from pruning.groups.blocks import block_layout, removable_blocks
from pruning.groups.channels import channel_layout
from pruning.groups.heads import head_layout

__all__ = ["block_layout", "channel_layout", "head_layout", "removable_blocks"]
