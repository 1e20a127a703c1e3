"""The day plan of a timetable as a drawing: what is drawn, its address, and the SVG and the page made of it."""
