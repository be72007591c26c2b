using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

/// <summary>What users install.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string[] Assemblies = ["Loggregator.Client", "Loggregator.Pipeline", "Loggregator.Protocol"];
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-package-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Pack_HoldsWhatUsersNeed()
    {
        await PackAsync();
        using var package = ZipFile.OpenRead(Directory.GetFiles(_folder, "*.nupkg").Single());
        var files = package.Entries.Select(entry => entry.FullName).ToHashSet();
        Assert.Superset(
            new HashSet<string>(["README.md", "LICENSE", "ref/net10.0/Loggregator.Client.dll", "ref/net10.0/Loggregator.Client.xml", .. Assemblies.Select(name => $"lib/net10.0/{name}.dll")]),
            files);
        Assert.Equal(["Loggregator.Client"], files.Where(file => file.StartsWith("ref/", StringComparison.Ordinal)).Select(Path.GetFileNameWithoutExtension).Distinct());
        Assert.True(await IsReferenceAssemblyAsync(package.GetEntry("ref/net10.0/Loggregator.Client.dll")!));
        Assert.False(await IsReferenceAssemblyAsync(package.GetEntry("lib/net10.0/Loggregator.Client.dll")!));

        var nuspec = XDocument.Load(package.GetEntry("Loggregator.Client.nuspec")!.Open());
        string Value(string name) => nuspec.Descendants().First(element => element.Name.LocalName == name).Value;
        Assert.Equal(("Apache-2.0", "README.md"), (Value("license"), Value("readme")));
        Assert.DoesNotContain(nuspec.Descendants().Attributes("id"), id => id.Value.StartsWith("Loggregator", StringComparison.Ordinal));

        using var symbols = ZipFile.OpenRead(Directory.GetFiles(_folder, "*.snupkg").Single());
        Assert.Equal(Assemblies.Select(name => name + ".pdb"), symbols.Entries.Select(entry => entry.Name).Where(name => name.EndsWith(".pdb", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void ExportedTypes_AreInOneNamespaceAndNameNoneOfTheAssembliesBehind()
    {
        var exported = typeof(global::Loggregator.Client.Emitter).Assembly.GetExportedTypes();
        Assert.Equal(["Loggregator.Client"], exported.Select(type => type.Namespace).Distinct());
        var api = File.ReadAllText(Path.Combine(Repository.Root, "src/Loggregator.Client/PublicAPI.Unshipped.txt"))
            + File.ReadAllText(Path.Combine(Repository.Root, "src/Loggregator.Client/PublicAPI.Shipped.txt"));
        Assert.All(exported, type => Assert.Contains($"Loggregator.Client.{type.Name}\n", api, StringComparison.Ordinal));
        foreach (var hidden in new[] { "Loggregator.Protocol", "Loggregator.Pipeline", "Google.", "Grpc." })
        {
            Assert.DoesNotContain(hidden, api, StringComparison.Ordinal);
        }
    }

    private static async Task<bool> IsReferenceAssemblyAsync(ZipArchiveEntry entry)
    {
        using var bytes = new MemoryStream();
        await using (var packed = await entry.OpenAsync(TestContext.Current.CancellationToken))
        {
            await packed.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        }

        bytes.Position = 0;
        using var image = new PEReader(bytes);
        var metadata = image.GetMetadataReader();
        return metadata.GetAssemblyDefinition().GetCustomAttributes()
            .Select(handle => metadata.GetCustomAttribute(handle).Constructor)
            .Where(constructor => constructor.Kind == HandleKind.MemberReference)
            .Select(constructor => metadata.GetTypeReference((TypeReferenceHandle)metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent))
            .Any(type => metadata.GetString(type.Name) == "ReferenceAssemblyAttribute");
    }

    private async Task PackAsync()
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var start = new ProcessStartInfo(
            "dotnet", ["pack", "src/Loggregator.Client", "--no-build", "-c", configuration == "debug" ? "Debug" : "Release", "-o", _folder, "-v", "quiet", "-nodeReuse:false"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        using var pack = Process.Start(start)!;
        var output = await pack.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await pack.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(pack.ExitCode == 0, output);
    }
}
