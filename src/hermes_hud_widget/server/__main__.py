"""`python -m hermes_hud_widget.server`: the kernel's child."""

import logging

from hermes_hud_widget.server.process import serve

if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    serve([], is_child=True)
