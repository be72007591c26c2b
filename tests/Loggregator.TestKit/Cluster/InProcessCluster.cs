using Grpc.Net.Client;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Doppler;
using Loggregator.Roles;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.DependencyInjection;

namespace Loggregator.TestKit.Cluster;

/// <summary>
/// Dopplers, agents and Traffic Controllers as they are in production, each in a host of its own, all in this process. Every link between two
/// roles passes a <see cref="FaultProxy"/>. Every test ends with <see cref="AssertAsync"/>.
/// </summary>
public sealed class InProcessCluster : IAsyncDisposable
{
    private readonly Dictionary<(ClusterRole From, ClusterRole To), FaultProxy> _links = [];
    private readonly List<IAsyncDisposable> _clients = [];
    private readonly List<string> _folders = [];
    private readonly ClusterCertificates? _certificates;
    private readonly ClusterOptions _options;

    private InProcessCluster(ClusterOptions options)
    {
        _options = options;
        _certificates = options.MutualTls ? new ClusterCertificates() : null;
    }

    /// <summary>The Dopplers.</summary>
    public IReadOnlyList<ClusterRole> Dopplers { get; private set; } = [];

    /// <summary>The agents.</summary>
    public IReadOnlyList<ClusterRole> Agents { get; private set; } = [];

    /// <summary>The Traffic Controllers.</summary>
    public IReadOnlyList<ClusterRole> TrafficControllers { get; private set; } = [];

    /// <summary>The nozzles.</summary>
    public IReadOnlyList<ClusterRole> Nozzles { get; private set; } = [];

    /// <summary>All roles, egress to ingress: the order in which they start.</summary>
    public IEnumerable<ClusterRole> Roles => [.. Nozzles, .. TrafficControllers, .. Dopplers, .. Agents];

    /// <summary>What the roles log.</summary>
    public ErrorRecorder Errors { get; } = new();

    /// <summary>Starts a cluster and waits until every Traffic Controller and every agent has its Dopplers.</summary>
    public static async Task<InProcessCluster> StartAsync(ClusterOptions options, CancellationToken cancel)
    {
        var cluster = new InProcessCluster(options);
        try
        {
            for (var index = 0; index < options.Dopplers; index++)
            {
                var doppler = cluster.Make("Doppler", index);
                cluster.Dopplers = [.. cluster.Dopplers, doppler];
                await doppler.StartAsync(cancel);
            }


            cluster.TrafficControllers = [.. Enumerable.Range(0, options.TrafficControllers).Select(index => cluster.Make("TrafficController", index))];
            cluster.Nozzles = [.. Enumerable.Range(0, options.Nozzles).Select(index => cluster.Make("Nozzle", index))];
            cluster.Agents = [.. Enumerable.Range(0, options.Agents).Select(index => cluster.Make("Agent", index))];
            foreach (var role in cluster.Roles.Where(role => !role.Running))
            {
                await role.StartAsync(cancel);
            }

            await cluster.ReadyAsync(cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The proxy between an agent or Traffic Controller and a Doppler.</summary>
    public FaultProxy Link(ClusterRole from, ClusterRole doppler) => _links[(from, doppler)];

    /// <summary>All links that end at a Doppler.</summary>
    public IEnumerable<FaultProxy> LinksTo(ClusterRole doppler) => _links.Where(link => link.Key.To == doppler).Select(link => link.Value);

    /// <summary>Waits until all running roles are ready.</summary>
    public Task ReadyAsync(CancellationToken cancel) => Deadline.UntilAsync(
        () => Roles.All(role => !role.Running || role.Ready),
        () => $"not ready: {string.Join(", ", Roles.Where(role => role.Running && !role.Ready).Select(role => role.Name))}\n{Conservation.Describe(this)}",
        cancel);

    /// <summary>Ends a Doppler as a power cut would: its peers see resets and then refusals, and it says no word.</summary>
    public async Task KillAsync(ClusterRole doppler)
    {
        foreach (var link in LinksTo(doppler))
        {
            link.Cut(refuse: true);
        }

        await doppler.AbortAsync();
    }

    /// <summary>Starts a Doppler again at the addresses that its peers know.</summary>
    public async Task RestartAsync(ClusterRole doppler, CancellationToken cancel)
    {
        await doppler.StartAsync(cancel);
        foreach (var link in LinksTo(doppler))
        {
            link.Restore();
        }
    }

    /// <summary>A producer at an agent, or at a Doppler.</summary>
    public Producer Produce(ClusterRole at) => Keep(new Producer(Open(at, AsProducer(at))));

    /// <summary>A reverse log proxy's or Doppler's <c>BatchedReceiver</c>, reading into a tally.</summary>
    public GrpcConsumer Consume(ClusterRole at, Protocol.V2.EgressBatchRequest request) => Keep(new GrpcConsumer(Open(at, AsConsumer(at)), request));

    /// <summary>A reader of a Traffic Controller's server-sent events.</summary>
    public SseConsumer Read(ClusterRole at, string pathAndQuery) => Keep(new SseConsumer(() => at.HttpPort, pathAndQuery));

    /// <summary>Waits until every reader gets what any Doppler holds: each is sent marks of the source until all readers have heard of all.</summary>
    public async Task LiveAsync(string source, CancellationToken cancel, params Tally[] readers)
    {
        var producers = Dopplers.Where(doppler => doppler.Running)
            .Select(doppler => (doppler.Name, Ingress: new Producer(Open(doppler, AsProducer(doppler))))).ToList();
        string Heard(Tally reader) => string.Join(',', producers.Select(producer => producer.Name).Where(reader.Heard));
        try
        {
            await Deadline.UntilAsync(
                () => readers.All(reader => producers.All(producer => reader.Heard(producer.Name))),
                () => $"all readers live at all Dopplers; heard: {string.Join(" | ", readers.Select(Heard))}\n{Conservation.Describe(this)}",
                cancel,
                each: async () =>
                {
                    foreach (var (name, ingress) in producers.Where(producer => !readers.All(reader => reader.Heard(producer.Name))))
                    {
                        await ingress.SendAsync([Numbered.Mark(source, name)], cancel);
                    }
                });
        }
        finally
        {
            foreach (var (_, ingress) in producers)
            {
                await ingress.DisposeAsync();
            }
        }
    }

    /// <summary>Waits until each running Doppler has so many subscriptions open.</summary>
    public Task SubscribedAsync(int each, CancellationToken cancel) => Deadline.UntilAsync(
        () => Dopplers.All(doppler => !doppler.Running || doppler.Services.GetRequiredService<DopplerCounters>().Subscriptions == each),
        () => $"{each} subscriptions at each Doppler\n{Conservation.Describe(this)}",
        cancel);

    /// <summary>A channel to a role's gRPC port, with the certificate of the role <paramref name="caller"/> where there are certificates.</summary>
    public GrpcChannel Open(ClusterRole role, string caller = "client") => new PeerConnector(_certificates?.Of(caller)).Open(
        role.GrpcAddress,
        Agents.Contains(role) ? PeerConnector.AgentName : Dopplers.Contains(role) ? PeerConnector.DopplerName : PeerConnector.ReverseLogProxyName);

    /// <summary>The certificate of a client, or of a role, where there are certificates.</summary>
    public ClientTls ClientTls(string caller = "client")
    {
        var files = _certificates!.FilesOf(caller);
        return new ClientTls { CertificateFile = files.Certificate, KeyFile = files.Key, AuthorityFile = files.Authority };
    }

    /// <summary>Ends the clients, waits for rest, asserts the accounts and that no error was logged that nobody expected.</summary>
    public async Task AssertAsync()
    {
        await EndClientsAsync();
        await Conservation.AssertAsync(this);
        if (Errors.Unexpected is { Count: > 0 } errors)
        {
            throw new InvalidOperationException($"{errors.Count} unexpected errors were logged:\n{string.Join('\n', errors.Take(5))}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndClientsAsync();
        foreach (var role in Roles.Reverse())
        {
            await role.DisposeAsync();
        }

        foreach (var link in _links.Values)
        {
            await link.DisposeAsync();
        }

        _certificates?.Dispose();
        foreach (var folder in _folders)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task EndClientsAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        _clients.Clear();
    }

    private string AsProducer(ClusterRole at) => Dopplers.Contains(at) ? "agent" : "client";

    private string AsConsumer(ClusterRole at) => Dopplers.Contains(at) ? "traffic-controller" : "client";

    private T Keep<T>(T client)
        where T : IAsyncDisposable
    {
        _clients.Add(client);
        return client;
    }

    private ClusterRole Make(string section, int index)
    {
        var role = RoleTable.IngressToEgress.Single(role => role.Section == section);
        if (section == "Doppler")
        {
            return new ClusterRole(role, index, Settings(role, index, []), Errors) { OwnProcess = _options.DopplerProcesses };
        }

        if (_options.Resolve is { } resolve)
        {
            return new ClusterRole(role, index, Settings(role, index, [$"dopplers.test:{Dopplers[0].GrpcPort}"]), Errors)
            {
                MoreServices = services => services.AddSingleton(new PeerConnector(resolve: (_, _) => Task.FromResult(resolve()))),
            };
        }

        var proxies = Dopplers.Select(doppler => new FaultProxy(doppler.GrpcPort, _options.Seed + _links.Count)).ToList();
        var made = new ClusterRole(role, index, Settings(role, index, [.. proxies.Select(proxy => proxy.Address)]), Errors);
        foreach (var (doppler, proxy) in Dopplers.Zip(proxies))
        {
            _links.Add((made, doppler), proxy);
            doppler.Started += () => proxy.Retarget(doppler.GrpcPort);
        }

        return made;
    }

    private Dictionary<string, string[]> Settings(Role role, int index, string[] dopplers)
    {
        const string AnyPort = "127.0.0.1:0";
        var settings = new Dictionary<string, string[]> { [$"Metrics:{role.Section}"] = [AnyPort] };
        switch (role.Section)
        {
            case "Agent":
                settings["Agent:Listen"] = [AnyPort];
                settings["Agent:UdpListen"] = [AnyPort];
                settings["Agent:AgentId"] = [$"agent-{index}"];
                settings["Agent:Dopplers"] = dopplers;
                break;
            case "Doppler":
                settings["Doppler:Listen"] = [_options.Resolve is null || index == 0 ? AnyPort : $"127.0.0.{index + 1}:{Dopplers[0].GrpcPort}"];
                settings["Doppler:Id"] = [$"doppler-{index}"];
                break;
            case "Nozzle":
                _folders.Add(Directory.CreateTempSubdirectory("loggregator-nozzle-").FullName);
                settings["Nozzle:Spool"] = [_folders[^1]];
                settings["Nozzle:Dopplers"] = dopplers;
                break;
            default:
                settings["TrafficController:HttpListen"] = [AnyPort];
                settings["TrafficController:GrpcListen"] = [AnyPort];
                settings["TrafficController:Dopplers"] = dopplers;
                break;
        }

        if (_options.Resolve is not null)
        {
            settings["Tls:InsecurePlaintext"] = ["true"]; // the name could be that of another machine
        }

        if (_certificates is not null)
        {
            var files = _certificates.FilesOf(role.Name);
            settings["Tls:Certificate"] = [files.Certificate];
            settings["Tls:Key"] = [files.Key];
            settings["Tls:Authority"] = [files.Authority];
        }

        foreach (var (key, value) in _options.Lists.Where(setting => setting.Key.StartsWith(role.Section + ":", StringComparison.Ordinal)))
        {
            settings[key] = value;
        }

        foreach (var (key, value) in _options.Settings.Where(setting => setting.Key.StartsWith(role.Section + ":", StringComparison.Ordinal)))
        {
            settings[key] = [value];
        }

        return settings;
    }
}
