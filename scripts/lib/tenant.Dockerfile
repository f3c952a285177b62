# One static program and the certificates it trusts. There is no user database, so the user is a number.
FROM scratch
LABEL slotyard.image=tenant
COPY app /app
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/app"]
