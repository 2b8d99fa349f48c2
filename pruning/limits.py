"""Every bound in one place: what caches hold, how large an answer may be, how long a job may be."""

from __future__ import annotations

LEVELS = 1000
"""Sparsity levels are integers in per mille: 0 … 1000."""

WORKER_STATES = 6
"""Pruned networks that one worker keeps in memory."""
TOGETHER = 12
"""Networks that are trained in one computation."""
WORKER_RANKINGS = 8
"""Rankings (scores, profile) that one worker keeps in memory."""
WORKER_REMOVALS = 3
"""Networks without their masked units that one worker keeps in memory."""
WORKER_SCANS = 8
"""Sensitivity scans (tables of counts) that one worker keeps in memory."""
SCAN_MB = 512
"""Activations that a sensitivity scan keeps, in megabytes; the images beyond run through the whole network."""
SERVER_RESULTS = 512
"""Results of slider moves that the server keeps in memory."""
PEOPLE = 1000
"""People of whom the server remembers when they had their last turn."""
PAGE_TABLES = 64
"""Tables that a page's cache keeps, over all sessions."""
MASK_PIXELS = 512
"""Longest side of a mask image, in pixels."""
FIRST_LOOK_SECONDS = 0.6
"""How long the first figure of a live evaluation may take, in seconds."""
CHUNK = 200
"""Images between two looks at progress and cancel."""
STUDY_CELLS = 5_000
"""Cells that one study may have."""
UPLOAD_MB = 8
"""Largest upload of one person, in megabytes."""
NORMALISED_NUMBERS = 10_000_000
"""Numbers of a split that are kept normalised in memory (float32: 40 MB)."""
SAMPLE_NUMBERS = 32_000_000
"""Numbers that gradients of single images may fill at once (float32: 128 MB)."""
