"""The statistics of holding simulated societies against findings about people: units, intervals, tests, verdicts, planning."""
