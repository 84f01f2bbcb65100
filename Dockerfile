# The server with what PostgreSQL needs. SQLite files and moyeu.toml are looked for in
# /var/lib/moyeu, which the user of the container may write to.
FROM python:3.13-slim

WORKDIR /opt/moyeu
# What changes seldom first: a build after a change of the code downloads nothing.
COPY requirements/postgres.txt requirements/
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-compile \
    --require-hashes -r requirements/postgres.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation .

RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/moyeu moyeu \
    && install -d -o moyeu -g moyeu /var/lib/moyeu
WORKDIR /var/lib/moyeu
USER moyeu

# Inside a container only the outside knows who may connect: `ports` says so.
ENV MOYEU_HOST=0.0.0.0
EXPOSE 8080
ENTRYPOINT ["moyeu"]
CMD ["serve"]
