# Two stages: the first has pip, the second what it installed. Nothing is compiled: every requirement ships a wheel.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/requirements.txt
# --no-deps: the file names every package, each with its hashes, and pip shall not look for more.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --quiet --yes pip setuptools \
    && find /opt/venv -depth \( -name tests -o -name test -o -name __pycache__ \) -type d -exec rm -rf {} + \
    && /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="rasid" \
      org.opencontainers.image.description="Watches Arabic news for the foreign meetings of the Haftars and tells what is new in them" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    OPENBLAS_NUM_THREADS=1 \
    RASID_DATA_DIR=/data
COPY --from=build /opt/venv /opt/venv
COPY LICENSE worker.py /app/
COPY config/ /app/config/
COPY commands/ /app/commands/
COPY storage/ /app/storage/
COPY monitor/ /app/monitor/
RUN python -m compileall -q /app && mkdir /data && chown 10001:10001 /data
WORKDIR /app
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
# Healthy means that work gets done: the archive says when the last cycle was completed.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --start-interval=2s --retries=3 \
    CMD ["python", "/app/worker.py", "health"]
ENTRYPOINT ["python", "/app/worker.py"]
CMD ["run"]
