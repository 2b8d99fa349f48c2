"""What Alembic runs: the steps, in the transaction that ``pruning.store.migrate`` has opened."""

from alembic import context

from pruning.store.schema import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
