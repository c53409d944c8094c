"""Static files under names that hold their content, the modules of app.js among them."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Imports between our modules are rewritten too, so that a new version is never mixed with a cached old one."""

    support_js_module_import_aggregation = True
