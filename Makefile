# make run    a working site with demo data: needs Python 3.11-3.13 and nothing else
# make test   all tests
# make check  lint, types, layers, templates, migrations, translations, locks, containers
.DEFAULT_GOAL := help
.PHONY: help run test check fmt bench e2e deep setup migrate worker messages \
  lint types layers templates migrations translations locks containers

BIN := .venv/bin
# The tools that only read settings need addresses that nobody connects to.
OFFLINE := DEBUG=1 DATABASE_URL=postgres:///unused REDIS_URL=redis://127.0.0.1/0
APPS := $(patsubst %/models.py,%,$(wildcard */models.py))
TEMPLATES = $(shell find templates $(wildcard */templates) -name '*.html')
WORKERS ?= 2
# Dozens of processes start in the tests: none compiles what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

help:
	@sed -n 's/^# make/make/p' Makefile

.venv/.runtime: requirements/runtime.txt
	@scripts/setup runtime

.venv/.dev: requirements/dev.txt
	@scripts/setup dev

setup: .venv/.dev

run: .venv/.runtime
	@exec $(BIN)/python -m core.embedded.supervise

migrate: .venv/.runtime
	@$(BIN)/python manage.py migrate

worker: .venv/.runtime
	@$(BIN)/python -m core.embedded.with_services celery -A config worker --concurrency=2 --loglevel=INFO

# --- tests
test: .venv/.dev
	@$(BIN)/pytest -q -n $(WORKERS) --durations=10 $(ARGS)

e2e: .venv/.dev
	@$(BIN)/pytest -q tests/e2e $(ARGS)

# The random, raced and killed tests again, with large counts.
deep: .venv/.dev
	@DEEP=1 $(BIN)/pytest -q -n $(WORKERS) --durations=30 $(ARGS)

# One JSON line per figure; BENCH=startup for one of them.
BENCH ?= $(sort $(basename $(notdir $(wildcard bench/[a-z]*.py))))
bench: .venv/.dev
	@set -e; for name in $(BENCH); do $(BIN)/python -m bench.$$name; done

# --- quality
check: lint types layers templates migrations translations locks containers

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.dev
	@$(OFFLINE) $(BIN)/mypy .

layers: .venv/.dev
	@$(BIN)/lint-imports --no-cache >.venv/layers.log || { cat .venv/layers.log; exit 1; }

templates: .venv/.dev
	@$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	@$(BIN)/djhtml --check --tabwidth 2 $(TEMPLATES)
	@$(BIN)/djlint --lint --quiet $(TEMPLATES)

migrations: .venv/.dev
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@LOG_LEVEL=WARNING DJANGO_SETTINGS_MODULE=scripts.lint_settings $(BIN)/python manage.py lintmigrations \
	  --include-apps $(APPS) --no-cache --quiet ok ignore

translations: .venv/.dev
	@$(BIN)/python -m core.i18n_build --check

locks: .venv/.dev
	@$(BIN)/python scripts/check_locks.py

containers: .venv/.dev
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema -q --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/compose-lint docker-compose.yml >.venv/compose.log || { cat .venv/compose.log; exit 1; }

fmt: .venv/.dev
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES) || true
	@$(BIN)/djhtml --tabwidth 2 $(TEMPLATES) || true

messages: .venv/.dev
	@$(BIN)/python -m core.i18n_build
