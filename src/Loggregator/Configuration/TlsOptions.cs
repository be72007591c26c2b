using Loggregator.Hosting.Tls;

namespace Loggregator.Configuration;

/// <summary>How a role shows who it is, and whom it lets in. Without certificate everything is plaintext, on loopback only.</summary>
internal sealed class TlsOptions
{
    /// <summary>PEM file of this role's certificate; it answers and dials with it.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file of its private key.</summary>
    public string Key { get; set; } = "";

    /// <summary>PEM file of the CA that peers' certificates must chain to.</summary>
    public string Authority { get; set; } = "";

    /// <summary>PEM file of another certificate for the HTTP port; empty: the same.</summary>
    public string HttpCertificate { get; set; } = "";

    /// <summary>PEM file of that certificate's key.</summary>
    public string HttpKey { get; set; } = "";

    /// <summary>Whether callers' certificates must name a role that may make the call.</summary>
    public RoleCheck Roles { get; set; } = RoleCheck.Auto;

    /// <summary>Plaintext beyond loopback: everyone on the way can read and change everything.</summary>
    public bool InsecurePlaintext { get; set; }

    /// <summary>Whether there is a certificate.</summary>
    internal bool Enabled => Certificate.Length > 0;

    /// <summary>All that is wrong, each with key and cure.</summary>
    public IEnumerable<string> Validate()
    {
        if ((Certificate.Length > 0 || Key.Length > 0 || Authority.Length > 0) && (Certificate.Length == 0 || Key.Length == 0 || Authority.Length == 0))
        {
            yield return "Tls: Certificate, Key and Authority belong together. Set all three, or none for plaintext on loopback.";
        }

        if (HttpCertificate.Length > 0 != HttpKey.Length > 0)
        {
            yield return "Tls: HttpCertificate and HttpKey belong together. Set both, or none to use Certificate and Key.";
        }
        else if (HttpCertificate.Length > 0 && !Enabled)
        {
            yield return "Tls:HttpCertificate needs Tls:Certificate, Tls:Key and Tls:Authority too.";
        }
    }
}
