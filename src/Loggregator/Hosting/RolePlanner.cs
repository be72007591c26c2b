using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Configuration;
using Loggregator.Roles;

namespace Loggregator.Hosting;

/// <summary>Turns checked settings into plans: decides each port's security, loads certificates, binds. All that is wrong is collected, nothing is half done.</summary>
internal sealed class RolePlanner(RoleSettings settings, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly List<Listener> _listeners = [];
    private PeerCredentials? _own;
    private PeerCredentials? _http;

    /// <summary>In <c>dev</c>: the certificate that is made when the first TLS client comes. Every port then takes TLS or plaintext.</summary>
    public Func<ValueTask<PeerCredentials>>? DevCredentials { get; init; }

    /// <summary>Plans the roles and binds their ports; when there are errors, the plans are of no use.</summary>
    public IReadOnlyList<RolePlan> Plan(IReadOnlyList<Role> roles)
    {
        var plans = Check(roles);
        if (settings.Errors.Count == 0)
        {
            foreach (var listener in _listeners)
            {
                if (!listener.TryBind(out var error))
                {
                    settings.Errors.Add(error);
                }
            }
        }

        return plans;
    }

    /// <summary>Finds all that would keep the roles from starting, but for what only binding their ports can tell.</summary>
    public IReadOnlyList<RolePlan> Check(IReadOnlyList<Role> roles)
    {
        var tls = settings.Tls;
        if (tls.Enabled && settings.Errors.Count == 0)
        {
            _own = Load(new PeerFiles(tls.Certificate, tls.Key, tls.Authority));
            _http = tls.HttpCertificate.Length > 0 ? Load(new PeerFiles(tls.HttpCertificate, tls.HttpKey, tls.Authority)) : _own;
        }

        return [.. roles.Select(PlanRole)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

        _own?.Dispose();
        _http?.Dispose();
    }

    private RolePlan PlanRole(Role role)
    {
        var options = settings.Options(role);
        var listeners = new List<Listener>();
        foreach (var port in role.Ports(options))
        {
            if (HostAndPort.TryParse(port.Address, out var address)) // otherwise the role's own validation has told
            {
                listeners.Add(Secure(port, address));
            }
        }

        if (HostAndPort.TryParse(settings.Metrics.Of(role.Section), out var metrics))
        {
            listeners.Add(new Listener($"Metrics:{role.Section}", metrics, ListenerKind.Metrics, ListenerSecurity.Plaintext));
        }

        CheckPeers(role, options);
        _listeners.AddRange(listeners);
        return new RolePlan(role, options, listeners, _own, settings.Tls.Roles, settings.DrainDeadline(role)) { EmitTo = settings.Metrics.EmitTo };
    }

    private Listener Secure(Port port, HostAndPort address)
    {
        var http = port.Kind == ListenerKind.Http;
        var loopback = address.IsLoopback; // whether HTTP may go beyond it without access control, the role's own validation tells
        if (port.Kind == ListenerKind.Udp)
        {
            if (!loopback && !settings.Tls.InsecurePlaintext)
            {
                settings.Errors.Add($"{port.Key}: {address} can be reached from other machines, and datagrams have neither TLS nor sender. "
                    + "Listen on 127.0.0.1, or say --insecure-plaintext.");
            }

            return new Listener(port.Key, address, port.Kind, ListenerSecurity.Plaintext);
        }

        var credentials = DevCredentials ?? Credentials(http ? _http : _own);
        if (credentials is null)
        {
            if (!loopback && !settings.Tls.InsecurePlaintext && !(http && port.OpenAccess))
            {
                settings.Errors.Add($"{port.Key}: {address} can be reached from other machines, in plaintext. "
                    + "Give --cert, --key and --ca (see 'loggregator certs'), listen on 127.0.0.1, or say --insecure-plaintext.");
            }

            return new Listener(port.Key, address, port.Kind, ListenerSecurity.Plaintext) { Serve = port.Serve };
        }

        var security = DevCredentials is not null || (http && loopback)
            ? ListenerSecurity.Detect
            : http ? ListenerSecurity.ServerOnly : ListenerSecurity.Mutual;
        if (DevCredentials is not null && !loopback && !settings.Tls.InsecurePlaintext)
        {
            settings.Errors.Add($"{port.Key}: {address} can be reached from other machines, and dev takes plaintext from anyone. "
                + "Listen on 127.0.0.1, or say --insecure-plaintext.");
        }

        return new Listener(port.Key, address, port.Kind, security) { Credentials = credentials, Serve = port.Serve };
    }

    /// <summary>Plaintext to another machine needs the same permission as plaintext from one.</summary>
    private void CheckPeers(Role role, object options)
    {
        if (settings.Tls.Enabled || settings.Tls.InsecurePlaintext)
        {
            return;
        }

        foreach (var name in new[] { "Dopplers", "OriginalDopplers" })
        {
            var peers = options.GetType().GetProperty(name)?.GetValue(options) as string[] ?? [];
            foreach (var peer in peers.Where(p => HostAndPort.TryParse(p, out var address) && !address.IsLoopback))
            {
                settings.Errors.Add($"{role.Section}:{name}: {peer} is on another machine and would be spoken to in plaintext. "
                    + "Give --cert, --key and --ca (see 'loggregator certs'), or say --insecure-plaintext.");
            }
        }
    }

    private PeerCredentials? Load(PeerFiles files)
    {
        try
        {
            return PeerCredentials.Load(files, time, logger);
        }
        catch (CredentialsException e)
        {
            settings.Errors.Add($"Tls: {e.Message}");
            return null;
        }
    }

    private static Func<ValueTask<PeerCredentials>>? Credentials(PeerCredentials? credentials) =>
        credentials is null ? null : () => ValueTask.FromResult(credentials);
}
