"""What a tester sets for a portal: its clock, the seed of its ids, and the faults it answers."""
