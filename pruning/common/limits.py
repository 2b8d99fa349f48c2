"""Every bound in one place: what caches hold, how large an answer may be, how long a job may be."""

from __future__ import annotations

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
FORWARDS = 64
"""Shapes of images for which a process remembers whether a network's fast forward pass gives the same bits."""
ENTRIES = 512
"""Registered things of which a process remembers what may be set and what goes with them."""
SERVER_RESULTS = 512
"""Results of slider moves that the server keeps in memory."""
PEOPLE = 1000
"""People of whom the server remembers when they had their last turn."""
TITLES = 8192
"""Titles of charts that are kept in their lines: a slider has a thousand levels, each with its own."""
PAGE_TABLES = 64
"""Tables that a page's cache keeps, over all sessions."""
PAGES_AT_ONCE = 1
"""Pages, or parts of pages, that the server draws at the same time: Python computes in one thread, and with two at it
people waited twice as long."""
ADDRESSES = 64
"""Addresses that a session wrote last, by which it knows its own."""
STORE_ROWS = 512
"""Results that each process keeps in memory as the database gave them: 16 kilobytes at most each."""
FIGURES = 128
"""Figures of charts that the server keeps in memory, as text, over all sessions: 5 to 500 kilobytes each."""
RESULT_BYTES = 32 * 2**20
"""Bytes of results of finished jobs that the server keeps in memory."""
LIVE_SECONDS = 90.0
"""What is estimated to take longer than this does not start by itself when a page is opened: it has a button."""
AWAY_SECONDS = 20.0
"""After so long without its browser a session counts as gone: a lost connection may come back."""
FORSAKEN_SECONDS = 7 * 24 * 3600.0
"""Background work that nobody has looked at for so long ends; what it stored stays."""
PAGE_TURN_SECONDS, TRAINING_TURN_SECONDS, SWEEP_TURN_SECONDS = 3.0, 20.0, 60.0
"""How long a page's job, one that trains, and a sweep run before they make room for another person's that waits."""
PERSON_HOURS, SERVER_HOURS = 48.0, 240.0
"""Background work that one person, and all together, may have waiting, in estimated hours of one worker."""
FAILURES = 50
"""Failures that the server remembers for the page Status."""
REST_SECONDS = 180.0
"""What nobody has used for so long is forgotten: a server and its workers give back what a class has used."""
MESSAGES = 20
"""Messages that each connection of Dask remembers, results and all; its own thousand fill 15 MB."""
WORKER_PREDICTIONS = 24
"""Predictions of networks (logits of a split) that one worker keeps in memory."""
WORKER_COMPARISONS = 2
"""Comparisons of several criteria that one worker keeps in memory."""
WORKER_LAYOUTS = 8
"""Traced couplings of channels that one worker keeps in memory: a few hundred kilobytes each."""
FILE_HASHES = 64
"""Files of weights and data of which a process remembers the hash."""
FOLDER_HASHES = 4
"""Folders of pictures of which a process remembers the hashes, 300 bytes a picture."""
WORKER_SPLITS = 6
"""Splits of data sets that one worker keeps in memory."""
ARTEFACT_MB = {"training": 4_000, "checkpoint": 2_000, "small": 2_000}
"""Files that the store keeps of each kind, in megabytes: checkpoints of trainings, masked models to take home, small
models to take home. The oldest go first; one that is needed again is computed again."""
OTHER_ARTEFACT_MB = 1_000
"""The same for any kind that is not named above."""
ARTEFACT_REST_SECONDS = 3600.0
"""A file that was written or asked for within so many seconds is in use."""
JOB_ROWS = 5_000
"""Finished jobs that the store remembers; what they measured, and runs that people keep, stay for ever."""
FULL_DISK_REST_SECONDS = 60.0
"""The same while the disk is full."""
ROOM_MB = 32
"""What the oldest artefacts make room for then, in megabytes, beside the file that is to be written."""
DISK_MB = 500
"""With less free disk than this, in megabytes, a server is not well."""
LOG_MB, LOG_FILES = 10, 4
"""Size of one log file in megabytes, and how many of them are kept."""
MASK_PIXELS = 512
"""Longest side of a mask image, in pixels."""
FIRST_LOOK_SECONDS = 0.6
"""How long the first figure of a live evaluation may take, in seconds."""
CHUNK = 200
"""Images between two looks at progress and cancel."""
STUDY_CELLS = 5_000
"""Cells that one study may have."""
STUDY_STEPS = 500
"""Steps that one recipe may have: each keeps its network, and a state knows all before it."""
STUDY_MEASURES = 500
"""Measures that one study may have."""
STUDY_BYTES = 2**20
"""Bytes of a study as JSON: every page that lists jobs or runs reads them."""
RUN_NAME, RUN_NOTE, RUN_SUMMARY = 200, 10_000, 20_000
"""Letters of a run's name, of its note, and bytes of its summary."""
RUNS_OF_ONE = 5_000
"""Runs of one person; of those that only were listed for their work, the oldest go first."""
RUNS_LISTED = 1_000
"""Runs that are listed at once, and letters of each text that a list shows."""
RUNS_LETTERS = 300
RUNS_WORDS = 10
"""Words by which runs are searched."""
RUNS_REFRESHED = 50
"""Runs without an accuracy that a visit to the list looks up again."""
JOB_SENTENCE, JOB_TRACEBACK = 2_000, 20_000
"""Letters of what a job failed with that the store keeps."""
UPLOADS_OF_ONE, UPLOADS_OF_ALL = 2, 8
"""How many times the largest upload (``server.maxUploadSize``) the server keeps for one session, and for all together:
Streamlit holds what was sent in memory, from before a page looks at it until it is taken away or the session ends."""
UPLOAD_FILES = 20
"""Files that it keeps for one session."""
OWN_MB = 10_000
"""Networks that one person may add to a server, in megabytes all together."""
WRAPPED_BYTES = 2 * 2**30
"""Inputs of examples that a notebook's data fills in memory, in bytes."""
NORMALISED_NUMBERS = 10_000_000
"""Numbers of a split that are kept normalised in memory (float32: 40 MB)."""
SAMPLE_NUMBERS = 32_000_000
"""Numbers that gradients of single images may fill at once (float32: 128 MB)."""
APART_MB, APART_SECONDS, APART_ANSWER_MB = 1_024, 60.0, 16
"""What reads a stranger's file may use, beyond its libraries: megabytes, seconds, and megabytes of what it tells."""
STRANGER_MB = 2_000
"""Largest checkpoint of a stranger, in megabytes."""
STRANGER_TENSORS, STRANGER_LEAVES, STRANGER_DEPTH = 20_000, 2_000, 16
"""Tensors, other values, and containers within containers of such a checkpoint."""
STRANGER_NAME = 300
"""Letters of a tensor's name."""
STRANGER_WORDS = 10_000
"""Entries of a list that is kept, of class names, say; each is cut to ``LETTERS``."""
ADDED_FILES, LISTING_MB = 300_000, 64
"""Files of a data set that a person adds, and megabytes of their names."""
ADDED_MB = 20_000
"""Largest data set that a person adds, in megabytes of what is kept of it."""
PICTURE_MB, PICTURE_PIXELS = 64, 100_000_000
"""Largest picture in it: megabytes of its file, and pixels."""
ARRAY_MB = 1_000
"""Largest array of numbers in it, in megabytes."""
