# The bases are named by tag. By digest, where a registry is reached (not verified here):
#   docker buildx imagetools inspect python:3.11-slim-bookworm --format '{{.Manifest.Digest}}', then FROM …@sha256:…
# One image for app, scheduler and workers, since their code must be the same. docs/deploy.md says how it is used.
FROM python:3.11-slim-bookworm AS build

# Wheels for the CPU. With a GPU: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /venv
COPY requirements.txt requirements.lock /
# First all packages whose hashes are known, and nothing else may take their place; then torch, whose build is a choice.
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement /requirements.lock \
    && /venv/bin/pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" --requirement /requirements.txt

FROM python:3.11-slim-bookworm

# openssl makes the cluster's certificates. Pictures in print size: --build-arg PACKAGES="openssl chromium fonts-liberation"
ARG PACKAGES=openssl
RUN apt-get update \
    && apt-get install --yes --no-install-recommends $PACKAGES \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home pruning \
    && install --directory --owner pruning --group pruning /data /certificates
COPY --from=build /venv /venv
WORKDIR /app
COPY LICENSE NOTICE README.md app.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY deploy deploy
COPY pages pages
COPY pruning pruning

# PYTHONPATH: Dask's own command does not look for modules in the working directory, and its workers need these.
# Threads that wait must sleep: spinning ones slow everything when workers share cores.
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_WAIT_POLICY=PASSIVE \
    GOMP_SPINCOUNT=0 \
    PRUNING_STORE=sqlite:////data/pruning.db \
    PRUNING_ARTEFACTS=/data/artefacts \
    PRUNING_DATA=/data/datasets
USER pruning
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "app.py", "--server.address=0.0.0.0", "--server.headless=true"]
