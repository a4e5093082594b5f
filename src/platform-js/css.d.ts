/** Style sheets as text, which the bundler of the page's script makes of them. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
