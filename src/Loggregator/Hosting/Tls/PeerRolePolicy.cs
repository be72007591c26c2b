using System.Security.Cryptography.X509Certificates;
using Loggregator.Certificates;
using Loggregator.Client.Connect;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Hosting.Tls;

/// <summary>
/// Which roles may call what. A role is what the certificate's DNS names say; original deployments accept any certificate of their CA,
/// so a refusal needs a CA that was made by <c>certs init</c>, whose leaves name their role.
/// </summary>
internal sealed class PeerRolePolicy(RoleCheck check)
{
    private const string Agent = "metron", TrafficController = "trafficcontroller", ReverseLogProxy = "reverselogproxy", Nozzle = "nozzle";
    private const string Client = "client";
    private static readonly string[] Writers = [Agent];
    private static readonly string[] DopplerReaders = [TrafficController, ReverseLogProxy, Nozzle];
    private static readonly string[] EdgeReaders = [TrafficController, ReverseLogProxy, Nozzle, Client];

    public RoleCheck Check => check;

    /// <summary>Whether the peer may call the method of this role; <paramref name="enforced"/> says whether a no counts.</summary>
    public bool Allows(string role, string method, X509Certificate2 peer, out bool enforced)
    {
        enforced = check == RoleCheck.Enforce || (check == RoleCheck.Auto && PrivateAuthority.Issued(peer));
        var wanted = Callers(role, method);
        if (wanted.Length == 0)
        {
            return true;
        }

        foreach (var name in PeerIdentity.DnsNames(peer))
        {
            if (Array.IndexOf(wanted, name) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The names of which a certificate needs one, for a log line.</summary>
    public static string Wanted(string role, string method) => string.Join(" or ", Callers(role, method));

    private static string[] Callers(string role, string method) => role switch
    {
        "doppler" when Of(method, RawMethods.Ingress) || Of(method, RawMethods.Ingestor) || method.EndsWith(".Doppler/Ingest", StringComparison.Ordinal) => Writers,
        "doppler" when Of(method, RawMethods.Egress) || Of(method, RawMethods.V1Egress) || Of(method, RawMethods.Internal) => DopplerReaders,
        "traffic-controller" when Of(method, RawMethods.Egress) || Of(method, RawMethods.Internal) || Of(method, RawMethods.LogCache) => EdgeReaders,
        _ => [],
    };

    private static bool Of(string method, string service) =>
        method.Length > service.Length + 1 && method[service.Length + 1] == '/' && method.AsSpan(1).StartsWith(service, StringComparison.Ordinal);
}
