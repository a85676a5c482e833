// A canvas over the map that only draws (streets, outlines, isochrones, dots, marks, names) and never catches the mouse.
export const Sheet = L.Layer.extend({
  initialize(paint, options) { this.paint = paint; L.setOptions(this, options); },
  onAdd(map) {
    this.map = map;
    this.canvas = L.DomUtil.create("canvas", "gp-sheet leaflet-zoom-animated", map.getPane(this.options.pane));
    this.canvas.style.pointerEvents = "none";
    map.on("moveend viewreset resize", this.redraw, this);
    map.on("zoomanim", this.animate, this);
    this.redraw();
  },
  onRemove(map) {
    map.off("moveend viewreset resize", this.redraw, this);
    map.off("zoomanim", this.animate, this);
    this.canvas.remove();
  },
  animate(event) {
    const scale = this.map.getZoomScale(event.zoom, this.zoom);
    const corner = this.map._latLngToNewLayerPoint(this.corner, event.zoom, event.center);
    L.DomUtil.setTransform(this.canvas, corner, scale);
  },
  redraw() {
    if (!this.map) return;
    const map = this.map, margin = 0.15, size = map.getSize(), ratio = window.devicePixelRatio || 1;
    const pad = size.multiplyBy(margin).round(), whole = size.add(pad.multiplyBy(2));
    const topLeft = map.containerPointToLayerPoint(pad.multiplyBy(-1)).round();
    this.zoom = map.getZoom();
    this.corner = map.layerPointToLatLng(topLeft);
    L.DomUtil.setTransform(this.canvas, topLeft, 1);
    this.canvas.width = whole.x * ratio; this.canvas.height = whole.y * ratio;
    this.canvas.style.width = whole.x + "px"; this.canvas.style.height = whole.y + "px";
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = Math.pow(2, this.zoom), origin = map.getPixelOrigin().add(topLeft);
    const view = {
      zoom: this.zoom, scale, dx: origin.x, dy: origin.y, width: whole.x, height: whole.y,
      west: origin.x / scale, north: origin.y / scale, east: (origin.x + whole.x) / scale, south: (origin.y + whole.y) / scale,
    };
    this.paint(context, view);
  },
});
