"""Authorities of a script's own and certificates that they sign, made by openssl in a folder."""

import os
import subprocess


class Authority:
    """One authority; its certificate is `NAME.pem`."""

    def __init__(self, folder, name):
        self.folder, self.name, self.file = folder, name, os.path.join(folder, f"{name}.pem")
        self._openssl("req", "-x509", *self._new_key(name), "-out", self.file, "-days", "30", "-subj", f"/CN={name}")

    def issue(self, name, *names):
        """A certificate for DNS names, or for `IP:127.0.0.1`: the files of the chain and of its key."""
        extensions = os.path.join(self.folder, f"{name}.names")
        with open(extensions, "w", encoding="utf-8") as file:
            file.write("subjectAltName=" + ",".join(n if n.startswith("IP:") else f"DNS:{n}" for n in names) + "\n")
        self._openssl("req", *self._new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", self.file, "-CAkey", f"{self.name}-key.pem", "-CAcreateserial",
            "-days", "30", "-extfile", extensions, "-out", f"{name}.pem")
        return os.path.join(self.folder, f"{name}.pem"), os.path.join(self.folder, f"{name}-key.pem")

    @staticmethod
    def _new_key(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}-key.pem"]

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=self.folder, capture_output=True)
