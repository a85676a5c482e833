"""The tables and sentences of a delivery, described once; renderers draw them."""
