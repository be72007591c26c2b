namespace Loggregator.Certificates;

/// <summary>Whom a certificate is for.</summary>
/// <param name="Name">What the user writes, and the files are called.</param>
/// <param name="Names">The DNS names that make the role, among them those that original peers ask for.</param>
/// <param name="Purpose">For help and tables.</param>
internal sealed record CertificateRole(string Name, string[] Names, string Purpose)
{
    /// <summary>All there are.</summary>
    public static readonly CertificateRole[] All =
    [
        new("agent", ["metron"], "an agent, towards producers and Dopplers"),
        new("doppler", ["doppler"], "a Doppler"),
        new("traffic-controller", ["trafficcontroller", "reverselogproxy", "log-cache"], "a Traffic Controller, also as reverse log proxy and log-cache"),
        new("nozzle", ["nozzle"], "a consumer of the firehose"),
        new("client", ["client"], "programs that send to an agent or read from a Traffic Controller"),
    ];
}
