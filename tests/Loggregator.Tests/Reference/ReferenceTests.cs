using Loggregator.Configuration;
using Loggregator.Roles;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.Tests.Reference;

/// <summary>The references in docs/ are what the code says. With <c>UPDATE_DOCS=1</c> in the environment they are written anew.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void MetricsReference_IsWhatTheRolesRegister() => Compare("docs/metrics.md", MetricsReference.Render());

    [Fact]
    public void ConfigurationReference_IsWhatTheOptionsSay() => Compare("docs/configuration.md", ConfigurationReference.Render());

    [Fact]
    public void ConfigurationReference_ItsExample_IsAGoodConfiguration()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/configuration.md"));
        var file = Path.GetTempFileName();
        File.WriteAllText(file, text.Split("```json\n")[1].Split("```")[0]);
        var errors = new List<string>();
        RoleSettings.Read([RoleTable.Named("agent")], JsonSettings.Read(file, errors), errors);
        File.Delete(file);
        Assert.Empty(errors);
    }

    private static void Compare(string document, string expected)
    {
        var path = Path.Combine(Repository.Root, document);
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == expected, $"{document} is not what the code says: run these tests with UPDATE_DOCS=1 and commit it.");
    }
}
