using Xunit;

namespace Loggregator.IntegrationTests.Exe;

/// <summary>A <c>dev</c> that knows some sources, for all tests of a class, and an empty folder.</summary>
public sealed class DevWithSources : IAsyncLifetime
{
    /// <summary>The id of a source that a producer invented to have whoever completes its name run a program.</summary>
    public const string Hostile = "zap$(touch pwned)`touch pwned`;touch pwned";

    private DevProcess? _dev;

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("loggregator-completion");

    public string Url => _dev!.Url;

    public async ValueTask InitializeAsync()
    {
        _dev = await DevProcess.StartAsync();
        foreach (var source in new[] { "web-front", "web-back", "urn:app:1", Hostile })
        {
            Assert.Equal(0, (await DevProcess.RunAsync("emit", "--source", source, "--agent", _dev.Agent, "--counter", "x=1")).ExitCode);
        }

        for (var listed = ""; !listed.Contains("zap", StringComparison.Ordinal); listed = (await DevProcess.RunAsync("sources", "--url", Url)).Out)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _dev!.TerminateAsync();
        _dev.Dispose();
        Folder.Delete(recursive: true);
    }
}
