"""A Slurm of one node, started as root from Debian's packages and stopped by its own pids."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")

CONFIGURATION = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
ReturnToService=2
MaxArraySize={largest}
KillWait=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=2
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """In words, why there can be no Slurm here; empty where there can."""
    if os.geteuid():
        return "Slurm's daemons are started as root"
    path = os.environ["PATH"] + ":/usr/sbin"
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return f"{', '.join(missing)} not installed: slurm-wlm and munge of Debian" if missing else ""


@contextlib.contextmanager
def slurm(folder: Path, largest: int):
    """A Slurm of two cores within the block, for commands that find `SLURM_CONF` set.

    Args:
        folder: a short path: sockets have at most 107 letters.
        largest: job array that it takes.
    """
    host = socket.gethostname().partition(".")[0]
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, two)]
    for name in ("state", "spool"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    text = CONFIGURATION.format(host=host, ports=ports, folder=folder, largest=largest)
    (folder / "slurm.conf").write_text(text)
    munge = [f"--{name}={folder}/munge.{name.partition('-')[0]}"
             for name in ("key-file", "socket", "pid-file", "log-file", "seed-file")]  # fmt: skip
    own = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")
    own["SLURM_CONF"] = str(folder / "slurm.conf")
    started = []
    try:
        for command in (
            ["munged", "--foreground", "--force", *munge],
            ["slurmctld", "-D", "-i"],
            ["slurmd", "-D", "-N", host],
        ):
            with open(folder / f"{command[0]}.out", "wb") as out:
                started.append(
                    subprocess.Popen(command, env=own, stdout=out, stderr=subprocess.STDOUT)
                )
            time.sleep(1)
        _until_idle(own, folder)
        yield own
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in reversed(started):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _until_idle(environment: dict[str, str], folder: Path) -> None:
    for _ in range(60):
        shown = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True
        )
        if shown.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    logs = "\n".join(path.read_text()[-1500:] for path in sorted(folder.glob("*.log")))
    raise RuntimeError(f"Slurm does not start: {shown.stdout}{shown.stderr}\n{logs}")
