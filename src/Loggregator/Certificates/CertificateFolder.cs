using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Loggregator.Commands;

namespace Loggregator.Certificates;

/// <summary>The folder in which <c>certs</c> keeps a CA (<c>ca.crt</c>, <c>ca.key</c>) and the leaves (<c>ROLE.crt</c>, <c>ROLE.key</c>).</summary>
internal sealed class CertificateFolder(string path, bool overwrite)
{
    public string AuthorityCertificate => Path.Combine(path, "ca.crt");

    public string AuthorityKey => Path.Combine(path, "ca.key");

    public string Certificate(string role) => Path.Combine(path, role + ".crt");

    public string Key(string role) => Path.Combine(path, role + ".key");

    /// <summary>Whether a leaf and its key are there; of the CA by the name <c>ca</c>.</summary>
    public bool Has(string role) => File.Exists(Certificate(role)) && File.Exists(Key(role));

    /// <summary>Writes a new CA.</summary>
    /// <exception cref="CommandFailedException">One is there already, or the folder cannot be written.</exception>
    public void Write(PrivateAuthority authority) =>
        WritePair(AuthorityKey, authority.KeyPem(), AuthorityCertificate, authority.CertificatePem());

    /// <summary>Writes a leaf and its key.</summary>
    /// <exception cref="CommandFailedException">They are there already, or the folder cannot be written.</exception>
    public void Write(string role, X509Certificate2 leaf)
    {
        using var key = leaf.GetRSAPrivateKey()!;
        WritePair(Key(role), key.ExportPkcs8PrivateKeyPem() + "\n", Certificate(role), leaf.ExportCertificatePem() + "\n");
    }

    /// <summary>Reads the CA.</summary>
    /// <exception cref="CommandFailedException">There is none, or it cannot be used.</exception>
    public PrivateAuthority ReadAuthority()
    {
        try
        {
            return PrivateAuthority.Load(File.ReadAllText(AuthorityCertificate), File.ReadAllText(AuthorityKey));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandFailedException($"There is no CA in {path}. Make one with 'loggregator certs init --dir {path}'.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CommandFailedException($"The CA in {path} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }

    private void WritePair(string keyPath, string key, string certificatePath, string certificate)
    {
        try
        {
            Directory.CreateDirectory(path);
            if (!overwrite)
            {
                foreach (var existing in new[] { certificatePath, keyPath }.Where(File.Exists))
                {
                    throw new CommandFailedException($"{existing} exists already. Use --force to replace it, or another --dir.");
                }
            }

            WriteFile(keyPath, key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            WriteFile(certificatePath, certificate, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"Cannot write to {path}: {e.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>Replaces the file in one step, so that a role that watches it never reads half of it.</summary>
    private static void WriteFile(string file, string text, UnixFileMode mode)
    {
        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var writer = new StreamWriter(fresh, options))
        {
            writer.Write(text);
        }

        File.Move(fresh, file, overwrite: true);
    }
}
