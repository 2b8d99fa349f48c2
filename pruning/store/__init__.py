"""What is kept: results, runs and jobs in a database, artefacts as files."""

from pruning.store.records import JobState, StoredJob, StoredMeasure, StoredRun
from pruning.store.store import Store

__all__ = ["JobState", "Store", "StoredJob", "StoredMeasure", "StoredRun"]
