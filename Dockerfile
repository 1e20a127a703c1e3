# Builds with docker, podman and buildah. Another registry, or a base image of your own: --build-arg BASE=...
# It needs python3 with its venv module, version 3.11 or newer, the same in both stages.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
# Two environments: pip and the build backend stay in this stage, the second one is what the image gets.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/magcheck
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN --mount=type=cache,target=/var/cache/pip \
    export PIP_CACHE_DIR=/var/cache/pip \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.lock \
    && /opt/build/bin/pip --python /opt/magcheck/bin/python3 install --require-hashes --no-compile -r requirements.lock
COPY pyproject.toml ./
COPY migrations migrations
COPY service service
COPY rules rules
COPY openapi/problems.md openapi/versioning.md openapi/
COPY docs docs
COPY GLOSSARY.md CHANGELOG.md SECURITY.md ./
RUN /opt/build/bin/python3 docs/build.py service/api/guide_pages
# Bytecode is made here, once, and by content instead of time stamps: without it a start takes three times as long.
RUN /opt/build/bin/pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /src/dist . \
    && /opt/build/bin/pip --python /opt/magcheck/bin/python3 install --no-cache-dir --no-deps --no-compile /src/dist/*.whl \
    && /opt/magcheck/bin/python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/magcheck/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="magcheck" \
      org.opencontainers.image.description="Checks medication lists for drug interactions with magnesium" \
      org.opencontainers.image.version="0.1.0"
# Numbers, not names, in USER: Kubernetes can then tell that it is not root.
RUN groupadd --gid 10001 magcheck \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin magcheck \
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/magcheck /opt/magcheck
ENV PATH="/opt/magcheck/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MAGCHECK_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
# So that the image starts by itself, on SQLite in /data, it migrates first. Where a deployment migrates as a step of
# its own, run `magcheck db upgrade` there and set the command here to `magcheck serve --host 0.0.0.0`.
CMD ["sh", "-c", "magcheck db upgrade && exec magcheck serve --host 0.0.0.0 --port 8000"]
