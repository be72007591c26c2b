using System.Text.RegularExpressions;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

/// <summary>The examples of the package's README are the compiled ones, and do what it says.</summary>
public sealed partial class ReadmeTests : ClusterTest
{
    [Fact]
    public void Blocks_AreTheCompiledSamplesInTheirOrder()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "src/Loggregator.Client/README.md"));
        var samples = File.ReadAllText(Path.Combine(Repository.Root, "tests/Loggregator.IntegrationTests/Client/ReadmeSamples.cs"));
        var blocks = Block().Matches(readme).Select(match => match.Groups[1].Value.TrimEnd()).ToList();
        var bodies = Body().Matches(samples)
            .Select(match => string.Join('\n', match.Groups[1].Value.Split('\n').Select(line => line.Length > 8 ? line[8..] : line.Trim())).TrimEnd())
            .Select(body => body.Split("\nreturn (emitting")[0]).ToList();
        Assert.Equal(blocks, bodies);
        Assert.All(blocks, block => Assert.InRange(block.Split('\n').Length, 1, 16));
    }

    [Fact(Timeout = 120_000)]
    public async Task Samples_AgainstACluster_EmitAndRead()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        var agent = cluster.Agents[0].GrpcAddress;
        var url = $"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}";
        var whole = cluster.Read(cluster.TrafficControllers[0], "/v2/stream");
        await cluster.LiveAsync("marks", cancel, whole.Tally);

        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using var output = new CapturedOutput();
        var streams = new[]
        {
            ReadmeSamples.TailAsync(url, reading.Token),
            ReadmeSamples.FirehoseAsync(url, "", reading.Token),
            ReadmeSamples.ReverseLogProxyAsync(cluster.TrafficControllers[0].GrpcAddress, reading.Token),
            ReadmeSamples.NozzleAsync(cluster.Dopplers[0].GrpcAddress, "", reading.Token),
        };
        await cluster.SubscribedAsync(5, cancel);
        await ReadmeSamples.EmitAsync(agent, cancel);
        await ReadmeSamples.EmitWithPolicyAsync(agent);
        await ReadmeSamples.EmitMetersAsync(agent);

        Assert.Contains("7 of 7 are with the agent, 0 are lost", output.Text, StringComparison.Ordinal);
        foreach (var expected in new[] { "shop/0 order 17 was paid", "shop/ never waits", "shop orders is 1", "shop orders is 3", "shop sent a EventEnvelope", "shop LogEnvelope" })
        {
            await Deadline.UntilAsync(() => output.Text.Contains(expected, StringComparison.Ordinal), () => $"'{expected}' in\n{output.Text}", cancel);
        }

        await Deadline.UntilAsync(() => NozzleLine().IsMatch(output.Text), () => $"a line of the nozzle in\n{output.Text}", cancel);
        await reading.CancelAsync();
        foreach (var stream in streams)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
        }

        await ReadmeSamples.RecentAsync(url, cancel);
        Assert.Contains("shop TimerEnvelope", output.Text, StringComparison.Ordinal);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("/[0-9a-f]{16}/[0-9]+ shop\n")]
    private static partial Regex NozzleLine();

    [GeneratedRegex("\n    public static [^\n]*\n    {\n(.*?)\n    }\n", RegexOptions.Singleline)]
    private static partial Regex Body();
}
