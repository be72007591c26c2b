using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Loggregator.Certificates;

/// <summary>A private CA that issues certificates to roles. Keys are RSA-2048, as original peers speak TLS 1.2 with RSA alone.</summary>
internal sealed class PrivateAuthority(X509Certificate2 certificate, RSA key) : IDisposable
{
    private const int KeyBits = 2048;
    private const string Subject = "CN=Loggregator private CA, OU=certs init, O=Loggregator";

    private static readonly OidCollection BothUses = [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")];
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5); // peers' clocks may be behind ours

    /// <summary>The CA's certificate.</summary>
    public X509Certificate2 Certificate => certificate;

    /// <summary>Whether a certificate was issued by a CA of this program, so that its names say its role.</summary>
    public static bool Issued(X509Certificate2 leaf) => leaf.Issuer == Subject;

    /// <summary>Makes a new CA.</summary>
    public static PrivateAuthority Create(DateTimeOffset now, TimeSpan lifetime)
    {
        var key = RSA.Create(KeyBits);
        var request = new CertificateRequest(Subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new PrivateAuthority(request.CreateSelfSigned(now - ClockSkew, now + lifetime), key);
    }

    /// <summary>Reads a CA from its PEM texts.</summary>
    /// <exception cref="CryptographicException">They are no CA's certificate and key.</exception>
    public static PrivateAuthority Load(string certificatePem, string keyPem)
    {
        var certificate = X509Certificate2.CreateFromPem(certificatePem);
        var key = RSA.Create();
        key.ImportFromPem(keyPem);
        using var own = certificate.GetRSAPublicKey();
        if (own is null || !own.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
        {
            throw new CryptographicException("the key does not belong to the certificate");
        }

        return new PrivateAuthority(certificate, key);
    }

    /// <summary>The CA's certificate as PEM.</summary>
    public string CertificatePem() => certificate.ExportCertificatePem() + "\n";

    /// <summary>The CA's private key as PEM.</summary>
    public string KeyPem() => key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>Issues a leaf with its key to a role; it never outlives the CA.</summary>
    public X509Certificate2 Issue(CertificateRole role, IEnumerable<string> extraNames, DateTimeOffset now, TimeSpan lifetime)
    {
        using var leafKey = RSA.Create(KeyBits);
        var request = new CertificateRequest($"CN={role.Names[0]}, O=Loggregator", leafKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(BothUses, false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(certificate, true, false));
        request.CertificateExtensions.Add(Names([.. role.Names, .. extraNames]));

        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F; // a serial number is positive
        var end = now + lifetime;
        var authorityEnd = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        using var leaf = request.Create(
            certificate.SubjectName,
            X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1),
            now - ClockSkew,
            end < authorityEnd ? end : authorityEnd,
            serial);
        return leaf.CopyWithPrivateKey(leafKey);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        key.Dispose();
        certificate.Dispose();
    }

    private static X509Extension Names(IEnumerable<string> names)
    {
        var builder = new SubjectAlternativeNameBuilder();
        builder.AddDnsName("localhost");
        builder.AddIpAddress(IPAddress.Loopback);
        builder.AddIpAddress(IPAddress.IPv6Loopback);
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                builder.AddIpAddress(address);
            }
            else
            {
                builder.AddDnsName(name);
            }
        }

        return builder.Build();
    }
}
