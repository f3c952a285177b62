# The attacker of play/tests/it/attacks: as the tenant's image, with another program in it.
FROM scratch
LABEL slotyard.image=probe
COPY app /app
USER 65532:65532
ENTRYPOINT ["/app"]
