"""`provision explain`: from what a blade, its controller and former runs say to the cause, and the next step."""
