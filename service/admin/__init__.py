"""The rule editor: pages made on the server for people who look after the rules. No way of its own to any record."""
