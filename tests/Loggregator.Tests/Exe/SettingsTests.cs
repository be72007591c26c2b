using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Nozzle.Settings;
using Loggregator.Roles;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class SettingsTests : IDisposable
{
    private static readonly Role Probe = Role.Of<ProbeOptions>("probe", "Probe", "For tests.", o => o.Validate(), (_, _) => { }, _ => { }, _ => [], _ => true);
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Read_FiveErrors_TellsAllWithKeyPlaceAndCure()
    {
        File.WriteAllText(_file, """
            {
              // comments are fine
              "Probe": {
                "Lisen": "127.0.0.1:1",
                "Count": "many",
                "Wait": -1,
              },
              "Prob": { "Count": 1 },
            }
            """);
        var errors = new List<string>();
        List<Setting> settings = [.. JsonSettings.Read(_file, errors), new("Tls:Certificate", ["x.crt"], "--cert")];
        RoleSettings.Read([Probe], settings, errors);

        var name = Path.GetFileName(_file);
        Assert.Equal(5, errors.Count);
        Assert.Contains(errors, e => e == $"Probe:Lisen ({name} line 4): section Probe has no key 'Lisen'. Did you mean 'Listen'?");
        Assert.Contains(errors, e => e == $"Probe:Count ({name} line 5): 'many' is not a whole number, also with KiB, MiB or GiB.");
        Assert.Contains(errors, e => e.StartsWith($"Probe:Wait ({name} line 6): '-1' is not a duration", StringComparison.Ordinal));
        Assert.Contains(errors, e => e == $"Prob:Count ({name} line 8): there is no section 'Prob'. Did you mean 'Probe'?");
        Assert.Contains(errors, e => e.StartsWith("Tls: Certificate, Key and Authority belong together.", StringComparison.Ordinal) && e.EndsWith("(--cert)", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ErrorOfTheRole_TellsWhereTheValueWasWritten()
    {
        var errors = new List<string>();
        RoleSettings.Read([Probe], [new("Probe:Count", ["7"], "LOGGREGATOR_Probe__Count")], errors);
        Assert.Equal(["Probe:Count is 7: give at most 5. (LOGGREGATOR_Probe__Count)"], errors);
    }

    [Fact]
    public void Read_FileEnvironmentFlag_LaterWins()
    {
        File.WriteAllText(_file, """{ "Probe": { "Listen": "file", "Count": 2, "Peers": ["a", "b"], "Tags": { "x": "1" } } }""");
        var errors = new List<string>();
        var environment = new Dictionary<string, string> { ["LOGGREGATOR_Probe__Listen"] = "env", ["LOGGREGATOR_Probe__Tags__y"] = "2", ["LOGGREGATOR_TOKEN"] = "t" };
        List<Setting> settings =
        [
            .. JsonSettings.Read(_file, errors), .. EnvironmentSettings.Read(environment), new("Probe:Listen", ["flag"], "--listen"), new("Probe:Size", ["64MiB"], "--size"),
        ];
        var read = RoleSettings.Read([Probe], settings, errors);

        Assert.Empty(errors);
        var options = (ProbeOptions)read.Options(Probe);
        Assert.Equal(("flag", 2, 64L << 20), (options.Listen, options.Count, options.Size));
        Assert.Equal(["a", "b"], options.Peers);
        Assert.Equal(new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" }, options.Tags);
        Assert.Contains(("Probe:Listen", "flag", "--listen"), read.Effective(Probe));
        Assert.Contains(("Probe:Wait", "10s", null), read.Effective(Probe));
    }

    [Fact]
    public void Read_BrokenJson_NamesTheLine()
    {
        File.WriteAllText(_file, "{\n  \"Probe\": {\n    oops\n}");
        var errors = new List<string>();
        JsonSettings.Read(_file, errors);
        Assert.Contains("line 3: not JSON", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("5m", 300)]
    [InlineData("365d", 31536000)]
    [InlineData("00:01:30", 90)]
    [InlineData("7", 7)]
    public void Duration_EveryForm_IsRead(string text, double seconds)
    {
        Assert.True(ValueText.TryReadDuration(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5s")]
    [InlineData("")]
    public void Duration_Nonsense_IsRefused(string text) => Assert.False(ValueText.TryReadDuration(text, out _));

    [Fact]
    public void Plan_PlaintextBeyondLoopback_IsRefusedWithTheCure()
    {
        var doppler = RoleTable.Named("doppler");
        var settings = RoleSettings.Read([doppler], [new("Doppler:Listen", ["0.0.0.0:0"], "test"), new("Metrics:Doppler", ["127.0.0.1:0"], "test")], []);
        using var planner = new RolePlanner(settings, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        planner.Plan([doppler]);
        Assert.Contains("--insecure-plaintext", Assert.Single(settings.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigCheck_WhatTheRoleWouldRefuseToStartWith_IsToldToo()
    {
        var ran = await CommandLine.RunAsync("config", "check", "doppler", "--set", "Doppler:Listen=0.0.0.0:8082");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("Doppler:Listen: 0.0.0.0:8082 can be reached from other machines, in plaintext.", ran.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandLine.RunAsync("config", "check", "doppler", "--set", "Doppler:Listen=127.0.0.1:8082")).ExitCode);
    }

    private sealed class ProbeOptions
    {
        public string Listen { get; set; } = "127.0.0.1:1";

        public int Count { get; set; } = 1;

        public long Size { get; set; }

        public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(10);

        public string[] Peers { get; set; } = [];

        public Dictionary<string, string> Tags { get; set; } = [];

        public IEnumerable<string> Validate()
        {
            if (Count > 5)
            {
                yield return $"Probe:Count is {Count}: give at most 5.";
            }
        }
    }
}
