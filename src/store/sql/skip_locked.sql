skip locked
