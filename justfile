check:
    cargo xtask check

test:
    cargo xtask test
