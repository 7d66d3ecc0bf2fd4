"""Programs that call: `--lsp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcmemlint.cli.lint import adjusted

if TYPE_CHECKING:
    from lcmemlint.cli.options import Options


def lsp(options: Options) -> int:
    """Be a language server until the client says goodbye."""
    from lcmemlint.lsp import serve

    return serve(
        config_file=options.config,
        no_config=options.no_config,
        adjust=lambda config: adjusted(config, options),
    )
