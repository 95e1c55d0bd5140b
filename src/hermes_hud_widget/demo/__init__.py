"""A made-up Hermes home with a simulated agent at work in it, to try the HUD on."""

from hermes_hud_widget.demo.demo import Demo, start_demo

__all__ = ["Demo", "start_demo"]
