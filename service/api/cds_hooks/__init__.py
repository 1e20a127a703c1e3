"""CDS Hooks 2.0.1: what an electronic health record asks while somebody orders, signs, verifies or opens a chart."""
