# A stock rsync daemon, for compose.rsyncd.yaml.
FROM debian:stable-slim
RUN apt-get update && apt-get install -y --no-install-recommends rsync && rm -rf /var/lib/apt/lists/*
RUN install -d -o 65532 -g 65532 /srv/backup
COPY rsyncd.conf /etc/rsyncd.conf
USER 65532:65532
EXPOSE 8730
CMD ["rsync", "--daemon", "--no-detach", "--port=8730", "--log-file=/dev/stdout"]
