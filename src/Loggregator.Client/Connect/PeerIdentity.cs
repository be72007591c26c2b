using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Loggregator.Client.Connect;

/// <summary>Who we are and whom we trust, at one moment: immutable, swapped whole when the files change. Any thread may use it.</summary>
internal sealed class PeerIdentity
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Makes an identity.</summary>
    /// <param name="leaf">Our certificate, with its private key.</param>
    /// <param name="intermediates">What is sent along with it.</param>
    /// <param name="authorities">The only roots that a peer may chain to; the machine's store plays no part.</param>
    public PeerIdentity(X509Certificate2 leaf, X509Certificate2Collection intermediates, X509Certificate2Collection authorities)
    {
        Leaf = leaf;
        Authorities = authorities;
        Context = SslStreamCertificateContext.Create(leaf, intermediates, offline: true);
    }

    /// <summary>Our certificate.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>Our certificate and chain, prepared once: building it per handshake costs more than the handshake.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>The trusted CA certificates.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Why a server's certificate is refused, in words for a log line, or null when it is good.</summary>
    public string? RejectServer(X509Certificate? certificate, X509Chain? presented, string serverName, DateTimeOffset now)
    {
        if (certificate is not X509Certificate2 peer)
        {
            return "it presented no certificate";
        }

        return RejectChain(Authorities, peer, presented, ServerUse, now)
            ?? (peer.MatchesHostname(serverName, allowWildcards: true, allowCommonName: false)
                ? null
                : $"its certificate ({Describe(peer)}) does not name '{serverName}'");
    }

    /// <summary>Why a client's certificate is refused, in words for a log line, or null when it is good.</summary>
    public string? RejectClient(X509Certificate? certificate, X509Chain? presented, DateTimeOffset now) =>
        certificate is not X509Certificate2 peer ? "it presented no certificate" : RejectChain(Authorities, peer, presented, ClientUse, now);

    /// <summary>The DNS names of a certificate by which it differs from others, or its subject if it has none.</summary>
    public static string Describe(X509Certificate2 certificate)
    {
        var names = string.Join(", ", DnsNames(certificate).Where(name => name != "localhost"));
        return names.Length > 0 ? names : certificate.Subject;
    }

    /// <summary>The DNS subject alternative names of a certificate.</summary>
    public static IReadOnlyList<string> DnsNames(X509Certificate2 certificate)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension names)
            {
                return [.. names.EnumerateDnsNames()];
            }
        }

        return [];
    }

    /// <summary>Why a server's certificate does not chain to <paramref name="authorities"/>, or null when it does; its name is the caller's to check.</summary>
    public static string? RejectServer(X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? presented, DateTimeOffset now) =>
        certificate is X509Certificate2 peer ? RejectChain(authorities, peer, presented, ServerUse, now) : "it presented no certificate";

    private static string? RejectChain(X509Certificate2Collection authorities, X509Certificate2 peer, X509Chain? presented, Oid use, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(use);
        if (presented is not null)
        {
            foreach (var element in presented.ChainElements)
            {
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            }

            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }

        return chain.Build(peer) ? null : Reason(authorities, peer, chain, now);
    }

    private static string? Reason(X509Certificate2Collection authorities, X509Certificate2 peer, X509Chain chain, DateTimeOffset now)
    {
        var status = X509ChainStatusFlags.NoError;
        foreach (var one in chain.ChainStatus)
        {
            status |= one.Status;
        }

        if (status == X509ChainStatusFlags.PartialChain && authorities.Contains(chain.ChainElements[^1].Certificate))
        {
            return null; // the CA file holds an intermediate without its root, which is trust enough for Go's peers too
        }

        var who = $"its certificate ({Describe(peer)})";
        if ((status & X509ChainStatusFlags.NotTimeValid) != 0)
        {
            return peer.NotBefore.ToUniversalTime() > now.UtcDateTime
                ? $"{who} is not valid before {peer.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC"
                : $"{who} expired on {peer.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC";
        }

        if ((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0)
        {
            return peer.Issuer == authorities[0].Subject
                ? $"{who} was issued by another CA of the same name than the one that is trusted here ({authorities[0].Subject}, {authorities[0].Thumbprint})"
                : $"{who} was issued by another CA ({peer.Issuer}) than the one that is trusted here ({authorities[0].Subject})";
        }

        return (status & X509ChainStatusFlags.NotValidForUsage) != 0
            ? $"{who} may not be used for this (extended key usage)"
            : $"{who} is refused ({status})";
    }
}
